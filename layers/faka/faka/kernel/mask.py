"""What a person may see of a value that is not his."""


def mask_mail(address: str) -> str:
    """`some.one@example.com` becomes `s•••@example.com`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else "•••"


def mask_card(number: str) -> str:
    """The last four of a long card number; nothing of a short one."""
    return f"•••• {number[-4:]}" if len(number) >= 12 else "••••"
