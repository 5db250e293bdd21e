// Package law holds the import law: which package may import which, and behind which
// door each third-party module stays. Table is the law; Check compares packages with
// it; Depguard writes the same law as the linter's configuration, so that the two
// cannot drift apart. Nothing imports this package; its tests are its use. It starts
// no goroutine and touches no network.
package law

import (
	"fmt"
	"slices"
	"strings"
)

// module is the path of this project's module.
const module = "phoned"

// Rule is what the packages of one room may import, besides the standard library
// and packages of the same room.
type Rule struct {
	// Room names the packages: "sip" is that one package, "sip/..." it and all below.
	// The longest matching Room of the table is a package's rule.
	Room string
	// Own are packages of this project, in the notation of Room.
	Own []string
	// Third are third-party modules or packages, with everything below them.
	Third []string
	// Cgo says that import "C" is allowed.
	Cgo bool
	// NotStd are packages of the standard library that have no place here.
	NotStd []string
}

// Package is what the law must know of a package; the names are those of go list.
type Package struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
	CgoFiles   []string
}

// Violation is one import that the law forbids.
type Violation struct {
	Package, Import, Why string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s imports %s: %s", v.Package, v.Import, v.Why)
}

// Check returns the violations in the packages of this project among pkgs, in the
// order of pkgs. The others, which go list -deps brings along, are not judged.
func Check(pkgs []Package) []Violation {
	var found []Violation
	for _, p := range pkgs {
		name, ours := inModule(p.ImportPath)
		if !ours {
			continue
		}
		rule, ok := RuleFor(name)
		if !ok {
			found = append(found, Violation{p.ImportPath, "", "no rule of the table covers this package; give it a room"})
			continue
		}
		if len(p.CgoFiles) > 0 && !rule.Cgo {
			found = append(found, Violation{p.ImportPath, "C", "cgo stays in the leaves named by the table"})
		}
		for _, imp := range p.Imports {
			if why := rule.forbids(imp); why != "" {
				found = append(found, Violation{p.ImportPath, imp, why})
			}
		}
		for _, dep := range p.Deps {
			if why := neverLinked(name, dep); why != "" {
				found = append(found, Violation{p.ImportPath, dep, why})
			}
		}
	}
	return found
}

// RuleFor returns the most specific rule for a package, named relative to the module.
func RuleFor(name string) (Rule, bool) {
	best, ok := Rule{}, false
	for _, r := range Table {
		if covers(r.Room, name) && (!ok || specific(r.Room) > specific(best.Room)) {
			best, ok = r, true
		}
	}
	return best, ok
}

// specific orders rooms that cover the same package: a longer name first, and the
// package alone before it and all below.
func specific(room string) int {
	if tree, ok := strings.CutSuffix(room, "/..."); ok {
		return 2 * len(tree)
	}
	return 2*len(room) + 1
}

// forbids says why imp may not be imported, or "" if it may.
func (r Rule) forbids(imp string) string {
	if imp == "C" {
		return "" // judged by CgoFiles
	}
	if own, ours := inModule(imp); ours {
		if covers(r.Room, own) || slices.ContainsFunc(r.Own, func(o string) bool { return covers(o, own) }) {
			return ""
		}
		return "not among the packages that " + r.Room + " may import"
	}
	if standard(imp) {
		if slices.Contains(r.NotStd, imp) {
			return "has no place in " + r.Room
		}
		return ""
	}
	if slices.ContainsFunc(r.Third, func(t string) bool { return below(t, imp) }) {
		return ""
	}
	return "third parties stay behind their own door, and " + r.Room + " is not this one's"
}

// neverLinked says why a package may not even be a dependency of a dependency.
func neverLinked(name, dep string) string {
	for _, n := range NeverLinked {
		if (n.Room == "..." || covers(n.Room, name)) && (below(n.Dep, dep) || below(module+"/"+n.Dep, dep)) {
			return n.Why
		}
	}
	return ""
}

// covers reports whether a room in the table's notation contains a package.
func covers(room, name string) bool {
	if tree, ok := strings.CutSuffix(room, "/..."); ok {
		return below(tree, name)
	}
	return room == name
}

func below(tree, name string) bool {
	return name == tree || strings.HasPrefix(name, tree+"/")
}

func inModule(path string) (name string, ours bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// standard reports whether an import path is of the standard library: its first
// element has no dot, and it is not ours.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
