package sqlitevfs

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// blockSize is a multiple of every page size, and four of FUSE's largest reads.
	blockSize = 512 << 10
	// maxBlocks bounds the memory of a connection that reads ahead to 8 MiB. Tables that are read
	// at the same time have a few blocks each.
	maxBlocks = 16
)

// blocks cache parts of a file, each from one read. The oldest is evicted first.
type blocks struct {
	file  *os.File
	held  map[int64][]byte // by their number
	order []int64          // as they came
}

// openBlocks opens the file of a descriptor again for direct reads, which bypass the kernel's page
// cache: that would read page by page.
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

// load reads a block. It returns an empty block on failure, so that the caller reads the page
// without it and gets the error.
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
