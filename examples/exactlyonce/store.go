package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// A store is a database with the candles and the state of the pipeline that makes them.
type store struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS candles (
	symbol TEXT NOT NULL, start_ms BIGINT NOT NULL,
	trades BIGINT NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL, volume BIGINT NOT NULL,
	PRIMARY KEY (symbol, start_ms));
CREATE TABLE IF NOT EXISTS pipelines (name TEXT PRIMARY KEY, state TEXT NOT NULL);`

// openStore opens PostgreSQL if dsn is one of its URLs, otherwise the SQLite file dsn.
func openStore(ctx context.Context, dsn string) (*store, error) {
	driver := "sqlite"
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		driver = "pgx"
	} else {
		dsn += "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if driver == "sqlite" {
		db.SetMaxOpenConns(1) // SQLite has one writer
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("create the tables: %w", err), db.Close())
	}
	return &store{db}, nil
}

func (s *store) close() error { return s.db.Close() }

// loadState returns the state that the last transaction stored, or nil.
func (s *store) loadState(ctx context.Context) ([]byte, error) {
	var state []byte
	err := s.db.QueryRowContext(ctx, `SELECT state FROM pipelines WHERE name = 'candles'`).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return state, err
}

// save stores candles and state in one transaction. A plain INSERT is enough: a repeated
// candle would be an error.
func (s *store) save(ctx context.Context, candles []Candle, state []byte) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // err is the reason
		}
	}()
	for _, c := range candles {
		_, err := tx.ExecContext(ctx, `INSERT INTO candles VALUES ($1, $2, $3, $4, $5, $6)`,
			c.Symbol, c.Start.UnixMilli(), c.Trades, c.Low, c.High, c.Volume)
		if err != nil {
			return fmt.Errorf("insert the candle of %s at %s: %w", c.Symbol, c.Start, err)
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO pipelines VALUES ('candles', $1) ON CONFLICT (name) DO UPDATE SET state = excluded.state`, string(state))
	if err != nil {
		return fmt.Errorf("store the state: %w", err)
	}
	return tx.Commit()
}

// rows returns all candles, one line each, sorted.
func (s *store) rows(ctx context.Context) (lines []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT symbol, start_ms, trades, low, high, volume FROM candles`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var symbol string
		var start, trades, low, high, volume int64
		if err := rows.Scan(&symbol, &start, &trades, &low, &high, &volume); err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%s %d: %d trades, %d to %d, volume %d", symbol, start, trades, low, high, volume))
	}
	slices.Sort(lines) // databases order strings differently
	return lines, rows.Err()
}

// reset drops the tables, so that a demonstration starts empty.
func (s *store) reset(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DROP TABLE candles; DROP TABLE pipelines;`+schema)
	return err
}
