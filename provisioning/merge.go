package provisioning

import (
	"encoding/json"
	"fmt"
)

// Merge gives a document with some of its keys set to values as JSON has them; nil takes
// a key away. What else it says stays, as JSON: comments are lost. The errors are those
// of a document that can't be read.
func Merge(doc []byte, set map[string]any) ([]byte, error) {
	root := map[string]any{}
	if len(doc) > 0 {
		t, err := parseDocument(doc)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDocument, err)
		}
		root = t.root
	}
	for k, v := range set {
		if v == nil {
			delete(root, k)
		} else {
			root[k] = v
		}
	}
	return json.Marshal(root)
}
