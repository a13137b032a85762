#!/bin/bash
set -eu
"$IMAGES/train.sh" node-agent "started in"
