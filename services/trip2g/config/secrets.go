package config

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"trip2g/internal/litefs"
)

// SecretsEnding follows the database's name in the name of the file that keeps made secrets.
const SecretsEnding = ".secrets"

// completeSecrets gives a leader the secrets that it was not given: from the file beside the
// database, or new ones, which it keeps there.
func (c *Config) completeSecrets() Faults {
	if c.JWTSecret != "" && c.DataEncryptionKey != "" {
		return nil
	}
	mounted, err := litefs.Mounted(c.DBFile)
	if err != nil {
		return Faults{fmt.Sprintf("%sDB_FILE: %v", Prefix, err)}
	}
	if mounted {
		return Faults{fmt.Sprintf("%[1]sJWT_SECRET and %[1]sDATA_ENCRYPTION_KEY must both be set when the database is on a LiteFS mount, "+
			"which can keep no other file: make them with `openssl rand -hex 16` and give all nodes the same", Prefix)}
	}
	// A server that makes both at this moment makes the secrets first: so this looks for the database first.
	used, err := c.HasDatabase()
	if err != nil {
		return Faults{fmt.Sprintf("%sDB_FILE: %v", Prefix, err)}
	}
	file := c.DBFile + SecretsEnding
	kept, err := readSecrets(file)
	if errors.Is(err, fs.ErrNotExist) {
		if used {
			return Faults{lostSecrets(file)}
		}
		kept, err = makeSecrets(file)
	}
	if err != nil {
		return Faults{fmt.Sprintf("the file of made secrets: %v; mend it, or set %[2]sJWT_SECRET and %[2]sDATA_ENCRYPTION_KEY", err, Prefix)}
	}
	if c.JWTSecret == "" {
		c.JWTSecret = kept["JWT_SECRET"]
	}
	if c.DataEncryptionKey == "" {
		c.DataEncryptionKey = kept["DATA_ENCRYPTION_KEY"]
	}
	return c.validate()
}

// lostSecrets is the fault of a database without its secrets, which new ones would not fit.
func lostSecrets(file string) string {
	if absolute, err := filepath.Abs(file); err == nil {
		file = absolute
	}
	return fmt.Sprintf("the database is there, but the file of its secrets is not: put %[1]s back from the backup, "+
		"or set %[2]sJWT_SECRET and %[2]sDATA_ENCRYPTION_KEY to what they were", file, Prefix)
}

// readSecrets reads lines of NAME=VALUE.
func readSecrets(file string) (map[string]Secret, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	kept := map[string]Secret{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		kept[strings.TrimPrefix(name, Prefix)] = Secret(value)
	}
	if kept["JWT_SECRET"] == "" || kept["DATA_ENCRYPTION_KEY"] == "" {
		return nil, fmt.Errorf("%s lacks %[2]sJWT_SECRET or %[2]sDATA_ENCRYPTION_KEY", file, Prefix)
	}
	return kept, nil
}

// makeSecrets makes both secrets and keeps them: written whole and synced under another name,
// then linked, so that a crash leaves all or nothing and two starts at once agree on one file.
func makeSecrets(file string) (map[string]Secret, error) {
	random := make([]byte, EncryptionKeySize)
	rand.Read(random)
	jwt, key := newSecret(random[:16]), newSecret(random[16:])
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	_, err = fmt.Fprintf(tmp, "%[1]sJWT_SECRET=%[2]s\n%[1]sDATA_ENCRYPTION_KEY=%[3]s\n", Prefix, jwt.Reveal(), key.Reveal())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return nil, fmt.Errorf("write %s: %w", tmp.Name(), err)
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncDir(filepath.Dir(file)); err != nil {
		return nil, err
	}
	return readSecrets(file)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
