"""CalDAV (RFC 4791): calendar clients as clients of the tasks. Projects are their lists, tasks the VTODOs in them."""
