#!/bin/bash
set -eu
musl-gcc -Os -Wall -Werror -static -s -o pause pause.c
