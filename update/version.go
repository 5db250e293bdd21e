package update

import "strings"

// Compare orders two versions as Debian does (deb-version(7), without epoch and
// revision): runs of digits by their value, other runs by letters before signs,
// and a tilde before the end of the text. It returns -1, 0 or 1.
func Compare(a, b string) int {
	for a != "" || b != "" {
		// What is no digit.
		for i := 0; ; i++ {
			x, y := rank(a, i), rank(b, i)
			if x != y {
				return sign(x - y)
			}
			if x == 0 { // both are at a digit or at their end
				a, b = a[i:], b[i:]
				break
			}
		}
		x, y := digits(a), digits(b)
		a, b = a[len(x):], b[len(y):]
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return sign(len(x) - len(y))
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// rank is the weight of the i-th sign: 0 for a digit or the end.
func rank(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	switch c := s[i]; {
	case c >= '0' && c <= '9':
		return 0
	case c == '~':
		return -1
	case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
		return int(c)
	default:
		return int(c) + 256
	}
}

func digits(s string) string {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i]
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
