"""What can be shown of a top-up in a dispute: what was asked of whom, what was answered, when, and hashes; no account in the clear."""

import hashlib
import json
from typing import Any

from faka.contexts.recharges.model import Attempt, Recharge
from faka.kernel.clock import to_row
from faka.kernel.mask import mask_account


VERSION = 1


def evidence(recharge: Recharge, order: dict[str, Any]) -> dict[str, Any]:
    """A document whose last word is the SHA-256 of all before it, as `canonical` writes it. `order` is what the shop knows of the sale.

    Times are UTC. An answer's hash is of its bytes as they came; the account is masked, because a hash of a phone number is soon guessed.
    """
    told = {
        "version": VERSION,
        "recharge": recharge.id,
        "order": order,
        "account": {name: mask_account(value) for name, value in recharge.account.items()},
        "carrier": recharge.carrier,
        "state": recharge.state,
        "begun_at": to_row(recharge.created_at),
        "attempts": [_attempt(one) for one in recharge.attempts],
        "history": [one.model_dump(mode="json") for one in recharge.log],
    }
    return told | {"sha256": digest(told)}


def digest(told: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(told)).hexdigest()


def canonical(told: dict[str, Any]) -> bytes:
    """JSON with sorted names and without spaces: two who write the same document write the same bytes."""
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _attempt(one: Attempt) -> dict[str, Any]:
    request = {"number": one.number, "supplier": one.supplier_id, "goods": one.goods_id, "cost_max": one.cost_max.model_dump(mode="json")}
    return {
        "request": request | {"sent_at": to_row(one.sent_at)},
        "answer": {
            "state": one.state,
            "status": one.status,
            "reason": one.reason,
            "supplier_no": one.supplier_no,
            "cost": one.cost.model_dump(mode="json") if one.cost else None,
            "sha256": one.answer_sha256,
            "asked": one.asked,
            "ended_at": to_row(one.ended_at) if one.ended_at else None,
        },
    }
