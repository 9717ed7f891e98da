"""The rules of the API that OpenAPI can't express. Only these may refuse a request that matches the schema."""

import re

# Operations, the field and the code of the error: patterns.
RULES = [
    # Opaque and signed: only the server can make one.
    (r"GET .*", "cursor", "invalid"),
    (r"GET /api/v1/sync/", "since", "invalid"),
    (r"POST /api/v1/auth/password-reset/confirm/", "token", "invalid"),
    # What the account has already, or has not.
    (r"(POST|PUT|PATCH) /api/v1/(tags|projects)/.*", "name", "unique"),
    (r"POST /api/v1/projects/\{id\}/restore/", "name", "unique"),
    (r"POST /api/v1/auth/register/", "email", "unique"),
    (r"POST /api/v1/me/password/", "current_password", "wrong"),
    (r"DELETE /api/v1/me/", "password", "wrong"),
    (r"DELETE /api/v1/me/", "password", "required"),  # not for the users of an identity provider
    # What there is, and how it hangs together, is the server's to know.
    (
        r"(POST|PUT|PATCH) /api/v1/(tasks|projects)/.*",
        r"(.*\.)?(before|after|project|parent)",
        "does_not_exist|in_trash|not_a_sibling|not_the_parents|parent_completed|too_deep|circular",
    ),
    (r"POST /api/v1/feeds/", "project", "does_not_exist"),
    # Where a webhook may lead, what there is to hear of, and how many there are.
    (r"(POST|PATCH) /api/v1/hooks/.*", "url", "invalid|scheme|credentials|fragment|private_address"),
    (r"(POST|PATCH) /api/v1/hooks/.*", r"events(\..*)?", "invalid"),
    (r"POST /api/v1/hooks/.*", "", "too_many|disabled"),
    # The grammar of each source.
    (r"POST /api/v1/import/.*", "file", "invalid"),
    # Passwords that are on a list, or like the email address.
    (
        r"POST /api/v1/(auth|me)/.*",
        "(new_)?password",
        "password_too_common|password_entirely_numeric|password_too_similar",
    ),
    # Rules between fields, also between one that is sent and one that the task has.
    (r"(POST|PUT|PATCH) /api/v1/tasks/.*", r"(.*\.)?(due_time|recurrence|reminders)", "needs_due_date"),
    (r"(POST|PUT|PATCH) /api/v1/tasks/.*", r"(.*\.)?(start_date|start_time)", "needs_start_date|after_due"),
    (r"(POST|PUT|PATCH) /api/v1/tasks/.*", r"(.*\.)?completed_at", "needs_completed"),
    (r"POST /api/v1/tasks/\{id\}/skip/", "recurrence", "not_recurring|last_occurrence"),
    (r"POST /api/v1/tasks/\{id\}/skip/", "completed", "completed"),
    (r"POST /api/v1/(tasks|projects)/\{id\}/move/", "after", "both"),
    # It depends on the action: six kinds of bodies, which generated clients could not tell apart.
    (r"POST /api/v1/tasks/bulk/", r"(set|add_tags|remove_tags)(\..*)?", ".*"),
    # A grammar, with rules between its parts.
    (r"(POST|PUT|PATCH) /api/v1/tasks/.*", r"(.*\.)?recurrence", "invalid"),
    # The clock.
    (r"POST /api/v1/tokens/", "expires_at", "past|too_late"),
    (r"(POST|PUT|PATCH) /api/v1/tasks/.*", r"(.*\.)?completed_at", "in_future"),
    # The names change with each year's IANA database.
    (r"POST /api/v1/auth/register/", "timezone", "invalid"),
    (r"PATCH /api/v1/me/", "timezone", "invalid"),
]


def is_unsayable(failure, case, response) -> bool:
    """Whether the API refused a request that matches the schema, by these rules only; or took "null" for a todo.txt.

    In a form, everything is text: what isn't a file by the schema can still be one.
    """
    if case.operation.label == "POST /api/v1/import/todotxt/" and type(failure).__name__ == "AcceptedNegativeData":
        return "Invalid component: in body - violates `required` at /properties/file" in failure.message
    if type(failure).__name__ != "RejectedPositiveData":
        return False
    if response.status_code == 422:  # a key is chosen by the client, once
        return "Idempotency-Key" in case.headers
    if response.status_code == 412:  # the revision of the thing is the server's to know
        return "If-Match" in case.headers or "If-None-Match" in case.headers
    errors = response.json().get("errors", []) if response.status_code == 400 else []
    return bool(errors) and all(is_rule(case.operation.label, error) for error in errors)


def is_rule(operation: str, error: dict) -> bool:
    said = (operation, error["field"], error["code"])
    # A name that a client made up may have a line end in it.
    return any(
        all(re.fullmatch(pattern, text, re.DOTALL) for pattern, text in zip(rule, said, strict=True)) for rule in RULES
    )
