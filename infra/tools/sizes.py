"""`python -m infra.tools.sizes`: what `make build` built, in megabytes, and whether byte code is in it."""

from pathlib import Path

from infra.tools.template import Template


BUILT = Path(".aws-sam/build")
UNZIPPED_BYTES_MAX = 250 * 1024 * 1024
"""The service's bound for a function together with its layers."""


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    template = Template()
    sizes = {name: size(BUILT / name) for name in (*template.layers(), *template.functions())}
    print(f"\n{'built':<22}{'MB':>8}{'files':>8}{'byte code':>11}")
    for name, count in sizes.items():
        files = [path for path in (BUILT / name).rglob("*") if path.is_file()]
        compiled = sum(path.suffix == ".pyc" for path in files)
        print(f"{name:<22}{count / 1e6:>8.1f}{len(files):>8}{compiled:>11}")
    wrong = 0
    for name in template.functions():
        whole = sizes[name] + sum(sizes[layer] for layer in template.layers_of(name))
        if whole > UNZIPPED_BYTES_MAX:
            print(f"{name} with its layers is {whole / 1e6:.0f} MB; the service takes {UNZIPPED_BYTES_MAX / 1e6:.0f}")
            wrong = 1
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
