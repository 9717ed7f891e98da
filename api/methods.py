"""The methods of HTTP that only read: those of REST framework, and WebDAV's (RFC 4918, section 9.1; RFC 3253, 3.6)."""

from rest_framework.permissions import SAFE_METHODS

READING_METHODS = (*SAFE_METHODS, "PROPFIND", "REPORT")
