//go:build nocjk

package lcd

func ideographs() []*bitFont { return nil }
