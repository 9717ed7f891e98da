from ownership.idempotency import IdempotentResponse

__all__ = ["IdempotentResponse"]
