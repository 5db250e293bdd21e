package camera

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"github.com/pion/mediadevices/pkg/driver"
	v4l2 "github.com/pion/mediadevices/pkg/driver/camera"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"
)

// The size that is asked for: enough for a code of 120 characters at arm's
// length, and quick to search.
const (
	wantWidth  = 640
	wantHeight = 480
)

type device struct {
	d      driver.Driver
	frames video.Reader
	free   func()
}

// Open starts a V4L2 camera by a part of its name or path; "" is the first. Most
// cameras have a second device beside the one with the pictures: who gives none
// is passed over.
func Open(name string) (Source, error) {
	v4l2.Initialize()
	all := driver.GetManager().Query(driver.FilterVideoRecorder())
	slices.SortFunc(all, func(a, b driver.Driver) int { return strings.Compare(a.Info().Label, b.Info().Label) })
	var errs []error
	for _, d := range all {
		if !strings.Contains(d.Info().Label, name) {
			continue
		}
		src, err := start(d)
		if err == nil {
			return src, nil
		}
		errs = append(errs, err)
	}
	switch {
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	case name == "":
		return nil, ErrNoCamera
	}
	return nil, fmt.Errorf("%w called %q", ErrNoCamera, name)
}

func start(d driver.Driver) (Source, error) {
	if err := d.Open(); err != nil {
		return nil, fmt.Errorf("open camera %s: %w", d.Info().Label, err)
	}
	mode, ok := nearest(d.Properties())
	if !ok {
		return nil, errors.Join(fmt.Errorf("camera %s has no picture format that can be read", d.Info().Label), d.Close())
	}
	frames, err := d.(driver.VideoRecorder).VideoRecord(mode)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start camera %s: %w", d.Info().Label, err), d.Close())
	}
	return &device{d: d, frames: frames, free: func() {}}, nil
}

// nearest picks the mode whose size is closest to what is wanted.
func nearest(modes []prop.Media) (prop.Media, bool) {
	best, distance := prop.Media{}, -1
	for _, m := range modes {
		d := abs(m.Width-wantWidth) + abs(m.Height-wantHeight)
		if m.Width > 0 && m.Height > 0 && (distance < 0 || d < distance) {
			best, distance = m, d
		}
	}
	return best, distance >= 0
}

func abs(n int) int { return max(n, -n) }

// Frame implements Source.
func (d *device) Frame() (image.Image, error) {
	d.free()
	img, free, err := d.frames.Read()
	d.free = func() {}
	if err != nil {
		return nil, err
	}
	if free != nil {
		d.free = free
	}
	return img, nil
}

// Close implements Source.
func (d *device) Close() error { d.free(); return d.d.Close() }
