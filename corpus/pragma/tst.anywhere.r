only this

