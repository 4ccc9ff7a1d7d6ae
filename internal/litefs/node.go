// Package litefs reports the state of the LiteFS node whose mount a process uses:
// the node's role, the position of each database, the lag of a replica, and
// changes.
//
// The formats are those of LiteFS v0.5.14: the files .primary, .lag and
// <database>-pos of the mount (its package fuse) and the paths /info and
// /events of its HTTP API (its package http).
package litefs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// DefaultAPI is the base URL of the HTTP API of a LiteFS node on this machine.
const DefaultAPI = "http://127.0.0.1:20202"

var (
	// ErrNotLiteFS: the directory is not a LiteFS mount.
	ErrNotLiteFS = errors.New("not a LiteFS mount")
	// ErrStale: the directory is a LiteFS mount whose LiteFS process has died.
	ErrStale = errors.New("stale LiteFS mount")
	// ErrNotSynced: the replica has not heard from its leader since it started.
	ErrNotSynced = errors.New("not yet synchronised with the leader")
)

// A Role determines whether a node can write its databases.
type Role string

const (
	Primary Role = "primary" // the leader: its mount takes writes
	Replica Role = "replica" // its mount is read-only
)

// A Node is the LiteFS node on this machine. It is safe for concurrent use.
type Node struct {
	dir    string
	api    string
	client *http.Client
}

// Open returns the node that serves the mount dir and answers HTTP at the base
// URL api, such as [DefaultAPI].
//
// The error is [ErrNotLiteFS] where dir is no LiteFS mount, and [ErrStale]
// where its LiteFS process has died. The API need not respond yet.
func Open(dir, api string) (*Node, error) {
	base, err := url.Parse(api)
	if err != nil {
		return nil, fmt.Errorf("LiteFS API address: %w", err)
	}
	if base.Scheme != "http" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" || base.User != nil {
		return nil, fmt.Errorf("LiteFS API address %q: must look like %s", api, DefaultAPI)
	}
	mounted, err := Mounted(dir)
	if err != nil {
		return nil, err
	}
	if !mounted {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotLiteFS)
	}
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return &Node{
		dir: dir,
		api: "http://" + base.Host,
		client: &http.Client{Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			ResponseHeaderTimeout: 5 * time.Second,
		}},
	}, nil
}

// Dir returns the mount's directory.
func (n *Node) Dir() string { return n.dir }

// Role returns whether the node is the leader or a replica.
//
// The file .primary alone is not enough: a replica has it only while it is
// connected to its leader. Where the file is absent Role asks the node's API, and
// an API that does not respond is an error.
func (n *Node) Role(ctx context.Context) (Role, error) {
	_, connected, err := n.Leader()
	if err != nil {
		return "", err
	}
	if connected {
		return Replica, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	resp, err := n.get(ctx, "/info")
	if err != nil {
		return "", fmt.Errorf("ask the LiteFS node for its role: %w", err)
	}
	defer resp.Body.Close()
	var info struct {
		IsPrimary *bool `json:"isPrimary"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&info); err != nil {
		return "", fmt.Errorf("ask the LiteFS node for its role: %w", err)
	}
	if info.IsPrimary == nil {
		return "", errors.New("ask the LiteFS node for its role: the answer has no isPrimary: something else listens at " + n.api)
	}
	return roleOf(*info.IsPrimary), nil
}

// Leader returns the leader's host name from the replica's configuration, "" where
// there is none. The second result is false on the leader itself
// and on a replica that has lost its leader; while a replica tries to reconnect
// it turns true for as long as each try lasts.
func (n *Node) Leader() (host string, connected bool, err error) {
	text, err := os.ReadFile(filepath.Join(n.dir, ".primary"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", false, nil
	case err != nil:
		return "", false, staleOr(n.dir, err)
	}
	host, ok := strings.CutSuffix(string(text), "\n")
	if !ok || strings.ContainsAny(host, "\n\r\x00") {
		return "", false, fmt.Errorf("read the leader's name: %s/.primary holds %q, not one line", n.dir, text)
	}
	return host, true, nil
}

// IsReplica reports whether the node is a replica by its files alone. A replica
// that has lost its leader names none, but counts the time since it lost it.
func (n *Node) IsReplica() (bool, error) {
	_, connected, err := n.Leader()
	if err != nil || connected {
		return connected, err
	}
	lag, err := n.Lag()
	if errors.Is(err, ErrNotSynced) {
		return true, nil
	}
	return lag > 0, err
}

// neverHeard is the content of .lag on a replica that has not heard from its
// leader since it started: the largest 32-bit integer.
const neverHeard = math.MaxInt32

// Lag returns the age of the newest message from the leader: 0 on the leader. An
// idle leader sends one a second, so up to a second is normal; more means that the
// leader, or the network to it, is down. The leader's clock and this
// machine's are compared, so their difference is part of it; a result below
// zero is returned as 0. [ErrNotSynced]: no message has arrived since the node
// started.
func (n *Node) Lag() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join(n.dir, ".lag"))
	if err != nil {
		return 0, staleOr(n.dir, err)
	}
	millis, err := parseLag(string(text))
	if err != nil {
		return 0, fmt.Errorf("read %s/.lag: %w", n.dir, err)
	}
	if millis == neverHeard {
		return 0, ErrNotSynced
	}
	return max(0, time.Duration(millis)*time.Millisecond), nil
}

// parseLag reads milliseconds written as a sign and at least nine digits, such
// as "+000000007". The file reports a fixed size of 11 bytes, so the newline
// after ten digits is cut off.
func parseLag(text string) (int64, error) {
	digits := strings.TrimSuffix(text, "\n")
	if len(digits) < 10 || digits[0] != '+' && digits[0] != '-' {
		return 0, fmt.Errorf("%q is not a signed number of milliseconds", text)
	}
	millis, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a signed number of milliseconds", text)
	}
	return millis, nil
}

// staleOr adds the remedy to the error of a mount whose LiteFS has died.
func staleOr(path string, err error) error {
	if errors.Is(err, syscall.ENOTCONN) {
		return fmt.Errorf("%w: %s: restart the LiteFS node, or free the mount point with `fusermount3 -uz` (%w)", ErrStale, path, err)
	}
	return fmt.Errorf("look at %s: %w", path, err)
}

// get asks the node's API; any status but 200 is an error.
func (n *Node) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.api+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("GET %s%s: %s", n.api, path, resp.Status)
	}
	return resp, nil
}

func roleOf(isPrimary bool) Role {
	if isPrimary {
		return Primary
	}
	return Replica
}
