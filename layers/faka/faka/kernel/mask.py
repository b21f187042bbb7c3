"""What a person may see of a value that is not his."""

from collections.abc import Mapping


def mask_mail(address: str) -> str:
    """`some.one@example.com` becomes `s•••@example.com`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else "•••"


def mask_card(number: str) -> str:
    """The last four of a long card number; nothing of a short one."""
    return f"•••• {number[-4:]}" if len(number) >= 12 else "••••"


def mask_account(value: str) -> str:
    """`13800138000` becomes `138•••00`: enough for its owner to know it again. Nothing of one below eight letters."""
    return f"{value[:3]}•••{value[-2:]}" if len(value) >= 8 else "•••"


def mask_change(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The fields that differ, each `mobile 138•••00 → 139•••00`: what was corrected shows even where the masks are equal."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {mask_account(before.get(name, ''))} → {mask_account(after.get(name, ''))}" for name in names)
