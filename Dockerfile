# The production image. It doesn't migrate when it starts: several would do so at once.
#   docker build -t todo-backend .
#   docker run --rm -e SECRET_KEY -e DATABASE_URL todo-backend python manage.py migrate
#   docker run -e SECRET_KEY -e DATABASE_URL -p 8000:8000 todo-backend
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.txt constraints.txt ./
# The test runner is among the requirements, and has no place here.
RUN python -m venv /venv && sed -i '/^pytest/d' requirements.txt && /venv/bin/pip install -r requirements.txt
COPY . .
# Any key will do to collect files, so none is left in the image.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 BIND=0.0.0.0 PORT=8000
# glibc gives the memory of large requests back to the system.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072
RUN useradd --system --no-create-home todo
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app .
USER todo
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz')"]
CMD ["gunicorn", "config.wsgi", "--config", "config/server/gunicorn.py"]
