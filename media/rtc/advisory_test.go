package rtc

import (
	"testing"

	"github.com/pion/stun/v4"
)

// TestAdvisoryMappedAddress: GHSA-34rh-wp3j-6cxc, an XOR-MAPPED-ADDRESS that is
// cut short made the library panic; whoever answers a STUN request may send it.
func TestAdvisoryMappedAddress(t *testing.T) {
	value := []byte{0, 1, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for family := range byte(4) {
		for n := range len(value) + 1 {
			v := append([]byte(nil), value[:n]...)
			if n > 1 {
				v[1] = family
			}
			m := stun.MustBuild(stun.TransactionID, stun.BindingSuccess)
			m.Add(stun.AttrXORMappedAddress, v)
			got := &stun.Message{Raw: m.Raw}
			if err := got.Decode(); err != nil {
				continue
			}
			var a stun.XORMappedAddress
			err := a.GetFrom(got)
			if whole := family == 1 && n == 8 || family == 2 && n == 20; whole && err != nil || n < 4 && err == nil {
				t.Errorf("family %d, %d bytes: %v", family, n, err)
			}
		}
	}
}
