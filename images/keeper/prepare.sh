#!/bin/bash
# musl, not glibc: 24 kB resident instead of 700.
set -eu
musl-gcc -Os -Wall -Werror -static -s -o keeper keeper.c
