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
	// diskEvery is how often the free space is looked at.
	diskEvery = time.Second
	// lowDisk is the free space, in reserves, below which a disk counts as nearly full.
	lowDisk = 4
	// leastDisk is the reserve where none is kept, without LiteFS and on a replica: a disk with less counts as
	// full.
	leastDisk = 1 << 20
)

// diskState is the space of the database's disk when it was last looked at.
type diskState struct {
	diskspace.Space
	reserve uint64 // bytes; writes leave this much
	full    string // what that stops; "" while the disk is not full
	low     string // what is about to happen; "" while there is room, and on a full disk
}

// watchDisk looks at the disk of the database until ctx ends. It has a loop of its own because LiteFS, which
// answers for its disk, may not answer for long.
func (n *node) watchDisk(ctx context.Context) error {
	reserve := uint64(leastDisk)
	if mounted, err := litefs.Mounted(n.config.DBFile); err == nil && mounted && !n.config.Replica() {
		reserve = uint64(n.config.DiskReserve)
	}
	ticker := time.NewTicker(diskEvery)
	defer ticker.Stop()
	for {
		// A folder that is not there yet, or a mount that is gone, is reported by others.
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

// assessDisk says what the space of the disk means for this node.
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

// logDisk logs that the disk became full or nearly so, or has room again. before is nil at the first look.
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

// diskFault returns what a full disk stops, if a node is not ready without it: a leader's writes. A replica, and
// a node whose disk is only nearly full, is impaired.
func (n *node) diskFault() (missing, impaired string) {
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

// diskSpace returns what the metrics tell of the disk; false until it was looked at.
func (n *node) diskSpace() (free, total, reserve uint64, known bool) {
	if disk := n.disk.Load(); disk != nil {
		return disk.Free, disk.Total, disk.reserve, true
	}
	return 0, 0, 0, false
}

// size words a number of bytes.
func size(bytes uint64) string { return units.BytesSize(float64(bytes)) }
