"""The other programs, as the package registry has them, in environments of their own under build/."""
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
TORCH = "torch==2.13.0"

# name: commands of pip, each with variables of the environment. kt-kernel asks for an older torch than it needs.
ENVIRONMENTS = {
    "transformers": [([TORCH, "transformers==4.57.6"], {})],
    "peers": [
        ([TORCH, "numpy"], {}),
        (["--no-deps", "kt-kernel==0.7.2"], {}),
        (["--no-binary", "llama-cpp-python", "llama-cpp-python==0.3.36"], {"CMAKE_ARGS": "-DGGML_NATIVE=ON"}),  # for this processor
    ],
}


def python_of(name):
    """The interpreter of the environment, made when missing."""
    folder = REPOSITORY / "build" / f"bench-{name}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making {folder.relative_to(REPOSITORY)} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for packages, variables in ENVIRONMENTS[name]:
            print(f"  pip install {' '.join(packages)}", file=sys.stderr)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True, env={**os.environ, **variables})
        (folder / "complete").touch()
    return python
