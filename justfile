# The recipes only name commands: everything here can be typed by hand, and .ci/run calls the same ones.

python := env("PYTHON", "python")

# List the recipes.
default:
    @just --list

# The gate: format, lint, types, layers, tests.
check *legs:
    {{ python }} tools/check.py {{ legs }}

# Rewrite what the formatter and the linter can put right by themselves.
fix:
    {{ python }} -m ruff format .
    {{ python }} -m ruff check --fix .

# Run the tests; arguments go to pytest.
test *args:
    {{ python }} -m pytest {{ args }}

# Run the kernels' tests with Numba's bounds checking, from an empty cache.
kernels-checked *args:
    {{ python }} tools/kernels_checked.py {{ args }}

# Compile every CUDA kernel, and run them in Numba's simulator (pip install -e ".[cuda]").
cuda *args:
    {{ python }} -m pytest tests/cuda {{ args }}

# Break every op's rules in turn: the tests must notice each time.
mutate *args:
    {{ python }} tools/mutate.py {{ args }}

# Measure with asv in the current environment.
bench *args:
    {{ python }} -m asv run --python=same {{ args }}

# Run each benchmark once, failing on any that fails.
bench-quick:
    {{ python }} tools/asv_gate.py

# Time the same work in other libraries.
peers *args:
    {{ python }} benchmarks/peers.py {{ args }}

# Build the documentation into build/site (pip install -e ".[docs]").
docs:
    {{ python }} -m mkdocs build --strict

# Write what the code in docs/ gives into its pages; the tests want it there.
docs-outputs:
    {{ python }} -m tests.test_docs

# Build the wheel and the sdist into dist/.
build:
    {{ python }} -m build

# Everything that continuous integration runs, from fresh environments.
ci:
    .ci/run
