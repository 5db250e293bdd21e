package stream

import (
	"fmt"
	"strings"

	"phoned/media/codec"
	"phoned/media/codec/g711"
	"phoned/media/codec/g722"
	"phoned/media/codec/opus"
)

// newEncoder makes the encoder of a format's name.
func (c Config) newEncoder(name string) (codec.Encoder, error) {
	switch strings.ToLower(name) {
	case "opus":
		return opus.NewEncoder(opus.Config{Bitrate: c.Bitrate, Complexity: c.Complexity, DTX: c.DTX})
	case "g722":
		return g722.NewEncoder(), nil
	case "pcmu":
		return g711.ULaw, nil
	case "pcma":
		return g711.ALaw, nil
	}
	return nil, fmt.Errorf("codec %q is not one we send", name)
}

// newDecoder makes the decoder of a format's name; nil for what is not sound.
func newDecoder(name string) (codec.Decoder, error) {
	switch strings.ToLower(name) {
	case "opus":
		return opus.NewDecoder()
	case "g722":
		return g722.NewDecoder(), nil
	case "pcmu":
		return g711.ULaw, nil
	case "pcma":
		return g711.ALaw, nil
	}
	return nil, fmt.Errorf("codec %q is not one we hear", name)
}
