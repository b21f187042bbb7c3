"""What a person may see of a value that is not his."""


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
