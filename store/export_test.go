package store

import (
	"os"
	"syscall"
)

// OpenSecretsKilled opens secrets whose n-th step of a write kills the process,
// as nothing in it can notice or prevent; 0: never. A write is killed halfway.
func OpenSecretsKilled(path string, n int) (*Secrets, error) {
	return openSecrets(path, &killFS{left: n}, Key{})
}

type killFS struct{ left int }

func (k *killFS) step() bool {
	k.left--
	return k.left == 0
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (k *killFS) create(path string) (file, error) {
	if k.step() {
		die()
	}
	f, err := osFS{}.create(path)
	return &killFile{f, k}, err
}

func (k *killFS) rename(from, to string) error {
	if k.step() {
		die()
	}
	return osFS{}.rename(from, to)
}

func (k *killFS) syncDir(dir string) error {
	if k.step() {
		die()
	}
	return osFS{}.syncDir(dir)
}

type killFile struct {
	file
	k *killFS
}

func (f *killFile) Write(b []byte) (int, error) {
	if f.k.step() {
		_, _ = f.file.Write(b[:len(b)/2])
		die()
	}
	return f.file.Write(b)
}

func (f *killFile) Sync() error {
	if f.k.step() {
		die()
	}
	return f.file.Sync()
}
