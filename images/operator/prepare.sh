#!/bin/bash
set -eu
"$IMAGES/train.sh" operator "Starting 'virtualmachine' controller"
