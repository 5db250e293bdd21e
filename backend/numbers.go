package backend

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"phoned/internal/httpcall"
)

// Number is one provisioned number: a caller ID a person may present.
type Number struct {
	Number string
	Label  string
}

// maxNumbers is the contract's page.
const maxNumbers = 50

// Numbers asks for the provisioned numbers of a domain and tells how many
// there are in all. An empty domainID is ErrNotConfigured.
func (c *Client) Numbers(ctx context.Context, domainID string) ([]Number, int, error) {
	const op = "numbers"
	if domainID == "" {
		return nil, 0, fmt.Errorf("%s: domain_id: %w", op, ErrNotConfigured)
	}
	a, err := c.api(ctx, c.cfg.NumbersPath, httpcall.Request{Op: op, Query: url.Values{
		"domainId": {domainID}, "limit": {strconv.Itoa(maxNumbers)}, "status": {"provisioned"},
	}})
	if err != nil {
		return nil, 0, err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return nil, 0, err
	}
	defer c.remark(root)
	return readNumbers(root)
}

// readNumbers is tolerant: the items' fields are not published, so one that
// has no number is passed over and others names are tried.
func readNumbers(root node) ([]Number, int, error) {
	root = underData(root, "items")
	items := root.get("items")
	if !items.present() {
		items.fail("a list")
	}
	total := int(root.get("total").integer())
	out := []Number{}
	for _, n := range items.list(maxNumbers) {
		if s, ok := n.v.(string); ok && s != "" {
			out = append(out, Number{Number: s})
			continue
		}
		number := n.get("number", "phoneNumber", "phone_number").optText()
		if number == "" {
			continue
		}
		out = append(out, Number{Number: number, Label: n.get("label", "name").optText()})
	}
	return out, max(total, len(out)), root.doc.err
}
