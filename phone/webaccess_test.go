package phone

import (
	"slices"
	"testing"
)

func TestWordPairs(t *testing.T) {
	if got := wordPairs("a-b-c-d-e-f"); !slices.Equal(got, []string{"a-b", "c-d", "e-f"}) {
		t.Error(got)
	}
	if got := wordPairs(""); got != nil {
		t.Error(got)
	}
}
