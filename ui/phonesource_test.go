package ui

import "os"

// dirFS is the source of package phone.
var dirFS = os.DirFS("../phone")
