package sqlite

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// scan copies one row of driver values into the kinds sqlstore.Rows names.
// The driver has copied texts and blobs already.
func scan(values []driver.Value, dest []any) error {
	if len(values) != len(dest) {
		return fmt.Errorf("sqlite: %d columns scanned into %d variables", len(values), len(dest))
	}
	for i, v := range values {
		if !assign(dest[i], v) {
			s, ok := dest[i].(sql.Scanner)
			if !ok {
				return fmt.Errorf("sqlite: column %d: cannot scan %T into %T", i, v, dest[i])
			}
			if err := s.Scan(v); err != nil {
				return fmt.Errorf("sqlite: column %d: %w", i, err)
			}
		}
	}
	return nil
}

func assign(dest any, v driver.Value) (ok bool) {
	switch d := dest.(type) {
	case *int64:
		*d, ok = v.(int64)
	case *int:
		var n int64
		n, ok = v.(int64)
		*d = int(n)
	case *bool:
		var n int64
		n, ok = v.(int64)
		*d = n != 0
	case *string:
		*d, ok = v.(string)
	case *[]byte:
		return assignBytes(d, v)
	}
	return ok
}

// assignBytes tells an empty blob, which the driver returns as a nil slice, from
// NULL, which it returns as nothing.
func assignBytes(d *[]byte, v driver.Value) bool {
	switch b := v.(type) {
	case nil:
		*d = nil
	case []byte:
		*d = b
		if b == nil {
			*d = []byte{}
		}
	case string:
		*d = bytes.Clone([]byte(b))
	default:
		return false
	}
	return true
}
