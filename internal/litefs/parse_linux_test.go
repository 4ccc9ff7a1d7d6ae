package litefs

import (
	"strings"
	"testing"
)

func TestLagFileIsReadStrictly(t *testing.T) {
	for text, want := range map[string]int64{
		"+000000000\n": 0,
		"+000000007\n": 7,
		"-000000003\n": -3,
		"+2147483647":  neverHeard,
		"+1234567890":  1234567890,
	} {
		if got, err := parseLag(text); got != want || err != nil {
			t.Errorf("parseLag(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "\n", "0000000007\n", "+7\n", "+00000000x\n", "+000000007\n\n", "+ 00000007", "++00000007"} {
		if got, err := parseLag(text); err == nil {
			t.Errorf("parseLag(%q) = %d, want an error", text, got)
		}
	}
}

func TestPositionIsReadStrictlyAndWrittenAlike(t *testing.T) {
	const good = "0000000000000034/d07fa107f1d55f23"
	p, err := parsePosition(good)
	if err != nil || p.TXID != 0x34 || p.Checksum != 0xd07fa107f1d55f23 || p.String() != good {
		t.Errorf("parsePosition(%q) = %v, %v", good, p, err)
	}
	for _, text := range []string{"", "/", "34/d0", good + "0", "0" + good, strings.ReplaceAll(good, "/", " "), good + "/" + good, strings.ReplaceAll(good, "3", "+"), strings.ReplaceAll(good, "d", "g")} {
		if p, err := parsePosition(text); err == nil {
			t.Errorf("parsePosition(%q) = %v, want an error", text, p)
		}
	}
}

func TestDatabaseNamesThatCannotBeAreRefused(t *testing.T) {
	for _, name := range []string{"data.sqlite3", "a", "x-wal.db"} {
		if err := checkName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", ".", "..", ".lag", "a/b", "../a", "a\x00", "a-journal", "a-wal", "a-shm", "a-pos", "a-lock"} {
		if checkName(name) == nil {
			t.Errorf("%q was taken for the name of a database", name)
		}
	}
}

func TestMountIsFoundByItsDevice(t *testing.T) {
	const table = `27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
43 27 0:39 / /a\040b rw,nosuid shared:1 master:2 - fuse litefs rw,user_id=0
44 27 0:40 / /c rw - fuse.sshfs host:/ rw
`
	for device, want := range map[string]string{"0:39": "litefs", "0:40": "host:/", "8:1": "/dev/sda1", "9:9": ""} {
		if got, err := mountSource(strings.NewReader(table), device); got != want || err != nil {
			t.Errorf("mountSource(%s) = %q, %v; want %q", device, got, err, want)
		}
	}
	for _, table := range []string{"garbage", "1 2 - fuse litefs", "43 27 0:39 / /x rw - fuse"} {
		if got, err := mountSource(strings.NewReader(table), "0:39"); err == nil {
			t.Errorf("mountSource of %q = %q, want an error", table, got)
		}
	}
}
