package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// pool is a pool of connections with the prepared statements of its transactions. Preparing them
// for each transaction was a quarter of the cost of a small write.
type pool struct {
	*sql.DB

	mu         sync.Mutex
	statements map[string]*sql.Stmt // by query; the program has a bounded number
}

func newPool(db *sql.DB) *pool { return &pool{DB: db, statements: make(map[string]*sql.Stmt)} }

// statement returns the prepared statement of a query, nil if there is none.
func (p *pool) statement(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statements[query]
}

// prepareAll prepares queries for later transactions.
func (p *pool) prepareAll(ctx context.Context, queries []string) {
	for _, query := range queries {
		p.prepare(ctx, query)
	}
}

// prepare prepares a query for later transactions. It needs a connection: in a pool of one, it must
// not run during a transaction. Errors are ignored, because the next use of the query reports them.
func (p *pool) prepare(ctx context.Context, query string) {
	statement, err := p.PrepareContext(ctx, query)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.statements[query] != nil {
		statement.Close()
		return
	}
	p.statements[query] = statement
}
