package server

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/docker/go-units"

	"trip2g/internal/diskspace"
	"trip2g/internal/litefs"
)

const (
	// diskEvery is the interval between measurements of the free space.
	diskEvery = time.Second
	// lowDisk is the free space, in reserves, below which a disk counts as nearly full.
	lowDisk = 4
	// minDisk is the reserve without LiteFS and on a replica, where none is configured. A disk with
	// less free space counts as full.
	minDisk = 1 << 20
)

// diskState is the last measurement of the database's disk.
type diskState struct {
	diskspace.Space
	reserve uint64 // bytes; writes leave this much
	full    string // the message for a full disk; "" otherwise
	low     string // the message for a nearly full disk; "" otherwise
}

// watchDisk measures the database's disk until ctx ends. It has its own loop because LiteFS answers
// for its mount and can block for a long time.
func (n *node) watchDisk(ctx context.Context) error {
	reserve := uint64(minDisk)
	if mounted, err := litefs.Mounted(n.config.DBFile); err == nil && mounted && !n.config.Replica() {
		reserve = uint64(n.config.DiskReserve)
	}
	ticker := time.NewTicker(diskEvery)
	defer ticker.Stop()
	for {
		// The database probe reports a missing folder and an unmounted file system.
		if space, err := diskspace.At(filepath.Dir(n.config.DBFile)); err == nil {
			state := n.assessDisk(space, reserve)
			n.logDisk(n.disk.Swap(state), state)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// assessDisk compares the free space with the reserve and words the consequences for this node.
func (n *node) assessDisk(space diskspace.Space, reserve uint64) *diskState {
	state := &diskState{Space: space, reserve: reserve}
	switch {
	case space.Free >= reserve && space.Free < lowDisk*uint64(n.config.DiskReserve):
		state.low = fmt.Sprintf("nearly full, %s free: free some before less than %s is left", size(space.Free), size(reserve))
	case space.Free >= reserve:
	case n.config.Replica():
		state.full = fmt.Sprintf("full, %s free: free some; until then the leader's changes do not arrive, and reading goes on", size(space.Free))
	default:
		state.full = fmt.Sprintf("full, %s free and %s needed (TRIP2G_DISK_RESERVE): free some; until then nothing can be written, and reading goes on",
			size(space.Free), size(reserve))
	}
	return state
}

// logDisk logs transitions between enough space, nearly full and full. before is nil the first
// time.
func (n *node) logDisk(before, now *diskState) {
	if before == nil {
		before = &diskState{}
	}
	switch {
	case now.full != "" && before.full == "":
		n.log.Error().Msg("the disk of the database is " + now.full)
	case now.low != "" && before.low == "":
		n.log.Warn().Msg("the disk of the database is " + now.low)
	case now.full+now.low == "" && before.full+before.low != "":
		n.log.Info().Str("free", size(now.Free)).Msg("the disk of the database has room again")
	}
}

// diskProblem returns the disk's part in readiness. A leader with a full disk is not ready, because
// it cannot write. A replica, and a node whose disk is nearly full, is impaired.
func (n *node) diskProblem() (missing, impaired string) {
	disk := n.disk.Load()
	switch {
	case disk == nil:
		return "", ""
	case n.config.Replica():
		return "", disk.full + disk.low
	default:
		return disk.full, disk.low
	}
}

// diskSpace returns the disk's values for metrics; known is false before the first measurement.
func (n *node) diskSpace() (free, total, reserve uint64, known bool) {
	if disk := n.disk.Load(); disk != nil {
		return disk.Free, disk.Total, disk.reserve, true
	}
	return 0, 0, 0, false
}

// size formats a number of bytes.
func size(bytes uint64) string { return units.BytesSize(float64(bytes)) }
