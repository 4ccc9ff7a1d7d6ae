package sqlitevfs

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// blockSize is a multiple of every page size, and four of FUSE's largest reads.
	blockSize = 512 << 10
	// maxBlocks bounds the memory of a connection that reads ahead to 8 MiB. The tables that are read
	// side by side have a few blocks each.
	maxBlocks = 16
)

// blocks are parts of a file that were read at once, the oldest of which goes when there are too many.
type blocks struct {
	file  *os.File
	held  map[int64][]byte // by their number
	order []int64          // as they came
}

// openBlocks opens the file of a descriptor anew, past the kernel's page cache: what is there would be
// read page by page.
func openBlocks(fd uintptr) (*blocks, error) {
	f, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, fmt.Errorf("open the database to read ahead: %w", err)
	}
	return &blocks{file: f, held: make(map[int64][]byte, maxBlocks)}, nil
}

// read copies len(p) bytes from an offset; false if they are not all in one block.
func (b *blocks) read(p []byte, offset int64) bool {
	number := offset / blockSize
	block, ok := b.held[number]
	if !ok {
		block = b.load(number)
	}
	from := offset - number*blockSize
	return from+int64(len(p)) <= int64(len(block)) && copy(p, block[from:]) == len(p)
}

// load reads a block. One that cannot be read is empty: the read that needs it is then made as ever, and
// says what is wrong.
func (b *blocks) load(number int64) []byte {
	var block []byte
	if len(b.order) == maxBlocks {
		block = b.held[b.order[0]][:0]
		delete(b.held, b.order[0])
		b.order = b.order[1:]
	}
	if cap(block) < blockSize {
		block = make([]byte, blockSize)
	}
	n, _ := b.file.ReadAt(block[:blockSize], number*blockSize) // what there is of it, at the file's end
	block = block[:n]
	b.held[number] = block
	b.order = append(b.order, number)
	return block
}

func (b *blocks) close() error { return b.file.Close() }
