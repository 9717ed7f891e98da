raise ImportError("Installed for development only: REST framework loads it wherever it is.")
