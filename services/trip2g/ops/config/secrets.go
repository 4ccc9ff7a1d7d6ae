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
	"time"

	"trip2g/internal/litefs"
)

// SecretsEnding is appended to the database's name for the secrets file.
const SecretsEnding = ".secrets"

// How long, and at which interval, a replica waits for a leader that starts at the same time to
// create the secrets file.
const (
	secretsWait     = 10 * time.Second
	secretsInterval = 50 * time.Millisecond
)

// completeSecrets reads secrets that are not set from the secrets file. A leader without a database
// creates the file.
func (c *Config) completeSecrets() Faults {
	if c.JWTSecret != "" && c.DataEncryptionKey != "" {
		return nil
	}
	file := c.SecretsFile
	if file == "" {
		mounted, err := litefs.Mounted(c.DBFile)
		if err != nil {
			return Faults{fmt.Sprintf("%sDB_FILE: %v", Prefix, err)}
		}
		if mounted {
			return Faults{fmt.Sprintf("%[1]sJWT_SECRET and %[1]sDATA_ENCRYPTION_KEY must both be set when the database is on a LiteFS mount, "+
				"which can keep no other file: create them with `openssl rand -hex 16` and use the same on all nodes, or set %[1]sSECRETS_FILE", Prefix)}
		}
		file = c.DBFile + SecretsEnding
	}
	load := c.loadSecrets
	if c.Replica() {
		load = awaitSecrets
	}
	kept, err := load(file)
	var fault secretsFault
	switch {
	case errors.As(err, &fault):
		return Faults{string(fault)}
	case err != nil:
		return Faults{fmt.Sprintf("the file of generated secrets: %v; fix it, or set %[2]sJWT_SECRET and %[2]sDATA_ENCRYPTION_KEY", err, Prefix)}
	}
	if c.JWTSecret == "" {
		c.JWTSecret = kept["JWT_SECRET"]
	}
	if c.DataEncryptionKey == "" {
		c.DataEncryptionKey = kept["DATA_ENCRYPTION_KEY"]
	}
	return c.validate()
}

// secretsFault is an error that already names the remedy.
type secretsFault string

func (f secretsFault) Error() string { return string(f) }

// loadSecrets reads a leader's secrets, and creates them unless there is a database, which new ones
// would not fit.
func (c *Config) loadSecrets(file string) (map[string]Secret, error) {
	// A server that creates both at this moment creates the secrets first. So this looks for the
	// database first.
	used, err := c.HasDatabase()
	if err != nil {
		return nil, secretsFault(fmt.Sprintf("%sDB_FILE: %v", Prefix, err))
	}
	kept, err := readSecrets(file)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return kept, err
	case used:
		return nil, lostSecrets(file)
	}
	return makeSecrets(file)
}

// awaitSecrets reads a replica's secrets once its leader has created them.
func awaitSecrets(file string) (kept map[string]Secret, err error) {
	for deadline := time.Now().Add(secretsWait); ; time.Sleep(secretsInterval) {
		kept, err = readSecrets(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return kept, err
		}
		if time.Now().After(deadline) {
			return nil, secretsFault(fmt.Sprintf("%sSECRETS_FILE: the leader has not created %s: start the leader, and use the same file on both nodes", Prefix, file))
		}
	}
}

// lostSecrets is the fault of a database without its secrets.
func lostSecrets(file string) secretsFault {
	if absolute, err := filepath.Abs(file); err == nil {
		file = absolute
	}
	return secretsFault(fmt.Sprintf("the database is there, but the file of its secrets is not: put %[1]s back from the backup, "+
		"or set %[2]sJWT_SECRET and %[2]sDATA_ENCRYPTION_KEY to what they were", file, Prefix))
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

// makeSecrets creates both secrets. It writes and syncs the file under another name, then links it.
// So a crash leaves all or nothing, and two servers that start at once agree on one file.
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
