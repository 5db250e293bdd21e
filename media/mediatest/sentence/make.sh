#!/bin/sh
# Makes sentence.wav: a test sentence of about 4.5 s, 16 kHz mono, peak -3 dBFS,
# with 0.3 s of silence at each end. The same espeak-ng makes the same
# file. Needs espeak-ng and sox.
set -eu
cd "$(dirname "$0")"
raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT
espeak-ng -v en-gb -s 165 -p 45 -w "$raw" \
	"The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
sox "$raw" -r 16000 -c 1 -b 16 -R sentence.wav silence 1 0.01 0.1% gain -n -3 pad 0.3 0.3
