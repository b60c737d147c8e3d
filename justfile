# What people do daily: `just` lists it. Each recipe is a line or two that can be typed without `just` as well.

# What there is to do
default:
    @just --list --unsorted

# A vault for development at 127.0.0.1:8080; flags go on, as in `just dev --ephemeral`
[group('run')]
dev *flags:
    cargo run --release -- dev {{flags}}

# The quick look before a commit: form, lints, the map
[group('check')]
check:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo test --locked tidy::

# The tests, or those whose path holds a word, as in `just test api::tokens`
[group('check')]
test *words:
    cargo test --locked --test hookvault {{words}}

# Tests of modules, beside their code
[group('check')]
unit *words:
    cargo test --locked --lib {{words}}

# All that a change must pass, with the official clients
[group('check')]
ci:
    .ci/run

# Known advisories of dependencies; needs cargo-deny and the network
[group('check')]
audit:
    cargo deny check

# Puts the sources in form
[group('write')]
fmt:
    cargo fmt --all

# Runs tests and takes their snapshots over; read the difference before you commit it
[group('write')]
snapshots *words:
    INSTA_UPDATE=always cargo test --locked --test hookvault {{words}}
    git diff --stat

# What creates and signatures cost here
[group('measure')]
bench:
    cargo bench --locked

# The binary to hand on: slower to build, link-time optimized
[group('release')]
dist:
    cargo build --locked --profile dist
