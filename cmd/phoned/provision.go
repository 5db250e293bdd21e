package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"phoned/internal/qrcode"
	"phoned/manage/access"
	"phoned/provisioning"
)

const provisionUsage = `phoned provision key FILE          make a key that signs codes and bundles; prints what phones are told
phoned provision qr [flags]        a QR code: -url ADDRESS, or -code CODE -oauth ADDRESS
phoned provision bundle [flags] -o FILE PART...
                                   a bundle for a stick or an address
phoned provision check FILE...     check documents and bundles, and say what they would change
phoned provision schema            the JSON Schema of a document
phoned provision account NAME ROLE a line for web_accounts; the password is read from standard input
phoned provision token LABEL ROLE  a new token for a program, and its line for web_tokens
qr and bundle: -key FILE signs, -pin NUMBER or -pin random asks the person at the phone for it.
`

// provisionCommand is "phoned provision …", for an administrator's PC: 0 is well, 1
// something that can't be used, 2 a wrong call.
func provisionCommand(args []string, out, errs io.Writer) int {
	commands := map[string]func([]string, io.Writer, io.Writer) error{
		"key": makeKey, "qr": makeCode, "bundle": makeBundle, "check": checkFiles,
		"account": func(args []string, out, errs io.Writer) error { return makeAccount(args, os.Stdin, out, errs) }, "token": makeToken,
		"schema": func(_ []string, out, _ io.Writer) error { _, err := out.Write(provisioning.Schema()); return err },
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(errs, provisionUsage)
		return 2
	}
	err := commands[args[0]](args[1:], out, errs)
	var wrong wrongCall
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintf(errs, "%v\n%s", err, provisionUsage)
		return 2
	case err != nil:
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// wrongCall is a mistake in the arguments.
type wrongCall string

func (w wrongCall) Error() string { return string(w) }

// roleOf reads a NAME and a ROLE.
func roleOf(args []string) (name string, role access.Role, err error) {
	if len(args) != 2 || role.UnmarshalText([]byte(args[1])) != nil {
		return "", 0, wrongCall("say a name and a role: viewer, operator or administrator")
	}
	return args[0], role, nil
}

// makeAccount prints the line of an account; its password is never an argument, which
// others on the machine could read.
func makeAccount(args []string, in io.Reader, out, errs io.Writer) error {
	name, role, err := roleOf(args)
	if err != nil {
		return err
	}
	fmt.Fprintln(errs, "password (it is shown while you type, unless it comes from a file or a program):")
	password, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	line, err := access.AccountLine(name, role, strings.TrimRight(password, "\r\n"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "web_accounts = %q\n", line)
	return err
}

// makeToken prints a new token, once, and the line that a configuration has of it.
func makeToken(args []string, out, errs io.Writer) error {
	label, role, err := roleOf(args)
	if err != nil {
		return err
	}
	text, line, err := access.TokenLine(label, role)
	if err != nil {
		return err
	}
	fmt.Fprintln(errs, "the first line is the token, for the program; the second is for phones")
	_, err = fmt.Fprintf(out, "%s\nweb_tokens = %q\n", text, line)
	return err
}

// makeKey writes a new seed, which only its owner can read and which is never
// overwritten.
func makeKey(args []string, out, _ io.Writer) error {
	if len(args) != 1 {
		return wrongCall("key: say in which file")
	}
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // never fails
	k, err := provisioning.NewSigningKey(seed)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintln(f, hex.EncodeToString(seed)); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Keep %s. Tell the phones:\nprovisioning_keys = [%q]\n", args[0], k.Public())
	return err
}

func readKey(file string) (provisioning.SigningKey, error) {
	b, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return provisioning.SigningKey{}, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		return provisioning.SigningKey{}, fmt.Errorf("%s is no key that \"phoned provision key\" made", file)
	}
	return provisioning.NewSigningKey(seed)
}

// vouching are the flags that say who vouches.
type vouching struct{ key, pin string }

func (v *vouching) flags(f *flag.FlagSet) {
	f.StringVar(&v.key, "key", "", "sign with the key in `file`")
	f.StringVar(&v.pin, "pin", "", "6 to 12 digits that the person at the phone enters, or \"random\"")
}

// seal resolves the flags; a random PIN is told on out.
func (v *vouching) seal(out io.Writer) (provisioning.Seal, error) {
	switch {
	case (v.key == "") == (v.pin == ""):
		return provisioning.Seal{}, wrongCall("either -key or -pin: somebody has to vouch for it")
	case v.key != "":
		k, err := readKey(v.key)
		return provisioning.Seal{Key: &k}, err
	case v.pin == "random":
		n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
		if err != nil {
			return provisioning.Seal{}, err
		}
		v.pin = fmt.Sprintf("%06d", n)
		fmt.Fprintf(out, "PIN: %s\n", v.pin)
	}
	return provisioning.Seal{PIN: v.pin}, nil
}

func makeCode(args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("phoned provision qr", flag.ContinueOnError)
	flags.SetOutput(errs)
	var c provisioning.Code
	var v vouching
	flags.StringVar(&c.ConfigURL, "url", "", "`address` of a configuration document or bundle")
	flags.StringVar(&c.OneTime, "code", "", "one-time `code` that the server gave for this phone")
	flags.StringVar(&c.Endpoint, "oauth", "", "`address` of the sign-in server that knows the code")
	expires := flags.Duration("expires", 0, "how long it can be used, e.g. 48h; 0: for ever")
	picture := flags.String("png", "", "write a picture to `file`; without it the code is drawn here")
	scale := flags.Int("scale", 8, "pixels a module of the picture")
	v.flags(flags)
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *scale < 1 || *scale > 64 {
		return wrongCall("qr: wrong arguments")
	}
	if *expires > 0 {
		c.Expires = time.Now().Add(*expires).Truncate(time.Second)
	}
	seal, err := v.seal(out)
	if err != nil {
		return err
	}
	text, err := encode(c, seal)
	if err != nil {
		return err
	}
	code, err := qrcode.Encode(text)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n(%d of %d characters)\n", text, len(text), provisioning.MaxCode)
	if *picture == "" {
		_, err = io.WriteString(out, code.Text())
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code.Image(*scale)); err != nil {
		return err
	}
	return os.WriteFile(*picture, b.Bytes(), 0o644)
}

func encode(c provisioning.Code, seal provisioning.Seal) (string, error) {
	if seal.Key != nil {
		return c.EncodeSigned(*seal.Key)
	}
	return c.EncodePIN(seal.PIN)
}

func makeBundle(args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("phoned provision bundle", flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("o", provisioning.BundleName, "`file` to write")
	expires := flags.Duration("expires", 0, "how long it can be used, e.g. 720h; 0: for ever")
	var v vouching
	v.flags(flags)
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return wrongCall("bundle: say which parts: " + strings.Join(slices.Sorted(maps.Keys(provisioning.BundleParts)), ", "))
	}
	b := provisioning.Bundle{Parts: map[string][]byte{}, Made: time.Now()}
	if *expires > 0 {
		b.Expires = b.Made.Add(*expires).UTC().Truncate(time.Second)
	}
	for _, path := range flags.Args() {
		text, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			return err
		}
		b.Parts[filepath.Base(path)] = text
	}
	if err := checkBundle(io.Discard, &b); err != nil {
		return err // whoever makes a bundle hears it, not two hundred phones
	}
	seal, err := v.seal(out)
	if err != nil {
		return err
	}
	var w bytes.Buffer
	if err := b.Write(&w, seal); err != nil {
		return err
	}
	if err := os.WriteFile(*file, w.Bytes(), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %d parts, %d bytes\n", *file, len(b.Parts), w.Len())
	return err
}

// checkFiles says of every file whether a phone would take it and what it changes
// on one that knows nothing yet.
func checkFiles(args []string, out, _ io.Writer) error {
	if len(args) == 0 {
		return wrongCall("check: say which files")
	}
	var failed []error
	for _, name := range args {
		if err := checkFile(out, name); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

func checkFile(out io.Writer, name string) error {
	if info, err := os.Stat(name); err == nil && info.Size() > 16<<20 {
		return provisioning.ErrTooLarge
	}
	b, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			return pe.Err
		}
		return err
	}
	if base := filepath.Base(name); provisioning.BundleParts[base] > 0 { // "wifi.toml" alone
		return checkBundle(out, &provisioning.Bundle{Parts: map[string][]byte{base: b}})
	}
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return checkDocument(out, filepath.Base(name), b)
	}
	bundle, err := provisioning.ReadBundle(b)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: a whole bundle, made %s\n", filepath.Base(name), bundle.Made.Format(time.DateTime))
	for _, part := range slices.Sorted(maps.Keys(bundle.Parts)) {
		fmt.Fprintf(out, "  %s, %d bytes\n", part, len(bundle.Parts[part]))
	}
	switch err := bundle.Vouched(nil, ""); {
	case errors.Is(err, provisioning.ErrPINNeeded):
		fmt.Fprintln(out, "  needs its PIN")
	case errors.Is(err, provisioning.ErrSignature):
		fmt.Fprintln(out, "  signed; a phone that knows the key takes it")
	case err != nil:
		return err
	}
	return checkBundle(out, &bundle)
}

// checkBundle says whether a phone would take all the parts, and what they change.
func checkBundle(out io.Writer, b *provisioning.Bundle) error {
	c, warns, err := b.Look()
	if err != nil {
		return err
	}
	told(out, "it", c, warns)
	return nil
}

func told(out io.Writer, name string, c provisioning.Config, warns []provisioning.Warning) {
	for _, w := range warns {
		fmt.Fprintln(out, "warning:", w)
	}
	built := provisioning.Defaults()
	fmt.Fprintf(out, "%s can be used:\n%s\n", name, indented(provisioning.Words(provisioning.Diff(&built, &c))))
}

func checkDocument(out io.Writer, name string, b []byte) error {
	c, warns, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerMedia, Name: name}, Data: b})
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return err
	}
	told(out, name, c, warns)
	return nil
}

func indented(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ")
}
