//go:build noaec

package handsfree

import "phoned/media/process"

// Engine names what is built in.
const Engine = "none"

func full(Kind) (process.Processor, error) { return process.None{}, nil }
func noise() (process.Processor, error)    { return process.None{}, nil }
