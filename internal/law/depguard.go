package law

import (
	"fmt"
	"slices"
	"strings"
)

// Depguard returns the rules of golangci-lint's depguard that say what Table says.
// Their indentation is that of linters.settings in .golangci.yml.
func Depguard() string {
	var b strings.Builder
	b.WriteString("    depguard:\n      rules:\n")
	for _, r := range Table {
		fmt.Fprintf(&b, "        %s:\n          list-mode: strict\n          files:\n", ruleName(r.Room))
		fmt.Fprintf(&b, "            - \"%s\"\n            - \"!$test\"\n", files(r.Room))
		for _, inner := range Table {
			if inner.Room != r.Room && within(inner.Room, r.Room) {
				fmt.Fprintf(&b, "            - \"!%s\"\n", files(inner.Room))
			}
		}
		b.WriteString("          allow:\n            - $gostd\n")
		if r.Cgo {
			b.WriteString("            - C$\n")
		}
		for _, imp := range allowed(r) {
			fmt.Fprintf(&b, "            - %s\n", imp)
		}
		if len(r.NotStd) > 0 {
			b.WriteString("          deny:\n")
			for _, imp := range r.NotStd {
				fmt.Fprintf(&b, "            - pkg: %s$\n              desc: it has no place in %s\n", imp, r.Room)
			}
		}
	}
	return b.String()
}

// allowed lists a rule's imports as depguard writes them: a prefix, or with $ the
// package alone.
func allowed(r Rule) []string {
	var list []string
	for _, room := range append([]string{r.Room}, r.Own...) {
		if tree, ok := strings.CutSuffix(room, "/..."); ok {
			list = append(list, module+"/"+tree+"$", module+"/"+tree+"/")
		} else {
			list = append(list, module+"/"+room+"$")
		}
	}
	for _, third := range r.Third {
		list = append(list, third+"$", third+"/")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func ruleName(room string) string {
	return strings.ReplaceAll(strings.TrimSuffix(room, "/..."), "/", "-") + map[bool]string{true: "-tree"}[strings.HasSuffix(room, "/...")]
}

func files(room string) string {
	if tree, ok := strings.CutSuffix(room, "/..."); ok {
		return "${config-path}/" + tree + "/**.go"
	}
	return "${config-path}/" + room + "/*.go"
}

// within reports whether every package of inner is also one of outer.
func within(inner, outer string) bool {
	return strings.HasSuffix(outer, "/...") && covers(outer, strings.TrimSuffix(inner, "/..."))
}
