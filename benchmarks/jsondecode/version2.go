//go:build goexperiment.jsonv2

package jsondecode

import jsonv2 "encoding/json/v2"

func init() {
	version2 = func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) }
}
