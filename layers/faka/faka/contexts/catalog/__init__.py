"""What the shop offers: products with their SKUs, the tree of categories, payment channels.

```
publish ──► LIVE        the version that is sold now            conditional on the version that the editor saw
        ├─► V#000007    the same version for good               insert; an order keeps (product, version) and reads it
        └─► SHELF row   what a tile needs                       so that a listing is one query
```
All three travel in one transaction. Nothing is copied into an order but the version number: the version row is the
snapshot, and no code deletes one.

Whether a product is on the shelf is a pure function of its state, its window and the clock at the moment of asking.
No job opens or closes anything, so a schedule is exact under any load.

| who asks | reads |
|---|---|
| listing, category page | SHELF partition and TREE row, at most two seconds old |
| product page | LIVE row, at most two seconds old |
| checkout, fulfilment | LIVE row read strongly (`fresh=True`); the order's own V# row |
| change history, undo | CHANGE row; the V# rows are the before-images |
"""
