package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// pool is a database's connections and the statements that transactions on them have used: preparing
// these anew took a quarter of what a small write costs.
type pool struct {
	*sql.DB

	mu         sync.Mutex
	statements map[string]*sql.Stmt // by their text, of which the program has a bounded number
}

func newPool(db *sql.DB) *pool { return &pool{DB: db, statements: make(map[string]*sql.Stmt)} }

// statement gives what keep has kept, or nil.
func (p *pool) statement(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statements[query]
}

// keepAll keeps statements for the transactions to come.
func (p *pool) keepAll(ctx context.Context, queries []string) {
	for _, query := range queries {
		p.keep(ctx, query)
	}
}

// keep prepares a statement for the transactions to come. It needs a connection, which a transaction on
// a pool of one has: call it after that. What fails here is found by whoever uses the statement.
func (p *pool) keep(ctx context.Context, query string) {
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
