package ui

import (
	"image"

	"phoned/phone"
)

// Logo is the brand's picture. It is immutable; a panel may keep what it made of
// one by its address.
type Logo struct {
	Image *image.NRGBA // starts at 0,0
}

// NewLogo makes a logo of a picture, nil of none.
func NewLogo(m *image.NRGBA) *Logo {
	if m == nil || m.Rect.Empty() {
		return nil
	}
	return &Logo{m}
}

// logo is the brand's picture on the screens that stand for the phone itself: the
// clock, and signing in.
func (b *builder) logo(body Body) *Logo {
	switch body.(type) {
	case Clock:
		return b.env.Logo
	}
	switch b.v.Screen {
	case phone.ScreenUnprovisioned, phone.ScreenSigningIn:
		return b.env.Logo
	}
	return nil
}
