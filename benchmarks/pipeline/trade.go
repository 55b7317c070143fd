package pipeline

// A Trade is an item of the pipelines.
type Trade struct {
	ID    int64
	Key   int64
	Price int64
	Qty   int64
	Fee   int64
}

const (
	window  = 100 // items
	keys    = 1000
	streams = 4 // merged, or fanned out to
)

// Trades returns n trades, the same each time.
func Trades(n int) []Trade {
	all := make([]Trade, n)
	for i := range all {
		all[i] = Trade{ID: int64(i), Key: int64(i*7919) % keys, Price: 100 + int64(i%50), Qty: 1 + int64(i%3)}
	}
	return all
}

func wanted(t Trade) bool          { return t.ID%4 != 0 }
func withFee(t Trade) Trade        { t.Fee = t.Price * t.Qty; return t }
func key(t Trade) int64            { return t.Key }
func add(sum int64, t Trade) int64 { return sum + t.Price*t.Qty }

// turnover folds a window into one number, which shows how long the window was.
func turnover(items []Trade) int64 {
	var sum int64
	for _, t := range items {
		sum += t.Fee
	}
	return sum * int64(len(items))
}

// mix adds the sum of a key to a number that depends on which key has which sum, but not on
// the order of the keys.
func mix(total, key, sum int64) int64 { return total + (key+1)*sum }

// addPair adds a pair to a number that depends on which trades are paired.
func addPair(sum int64, a, b Trade) int64 { return sum + a.Price*b.Qty + a.ID*b.ID }

// follow adds a trade to a number that depends on the order of the trades. It may overflow.
func follow(sum int64, t Trade) int64 { return sum*31 + t.Fee + t.ID }

// halves returns the trades of the streams that are zipped.
func halves(all []Trade) (first, second []Trade) {
	n := len(all) / 2
	return all[:n], all[n : 2*n]
}

// quarter returns the trades of one of the merged streams.
func quarter(all []Trade, i int) []Trade {
	n := len(all) / streams
	return all[i*n : (i+1)*n]
}
