// Offered while an address names no stream: the maker's own paths fill both in.
import { useTranslation } from 'react-i18next';
import { Field } from '../components/ui/field';
import { Select } from '../components/ui/select';
import { BRANDS, type Brand, MOST_CHANNELS } from './brands';

export interface Picked {
  brand: Brand;
  channel: number;
  /** The address before a path was put behind it. */
  base: string;
}

interface BrandPickerProps {
  picked: Picked | null;
  onPick: (brand: Brand | null, channel: number) => void;
}

export function BrandPicker({ picked, onPick }: BrandPickerProps) {
  const { t } = useTranslation();
  return (
    <div className="space-y-1.5">
      <div className="flex gap-3">
        <Select
          label={t('brand.label')}
          className="flex-1"
          data-testid="add-brand"
          value={picked?.brand.id ?? ''}
          onChange={({ target }) =>
            onPick(BRANDS.find(({ id }) => id === target.value) ?? null, picked?.channel ?? 1)
          }
        >
          <option value="">{t('brand.none')}</option>
          {BRANDS.map(({ id, name }) => (
            <option key={id} value={id}>
              {id === 'onvif' ? t('brand.onvif') : name}
            </option>
          ))}
        </Select>
        {picked?.brand.channels && (
          <Field
            label={t('brand.channel')}
            className="w-24"
            type="number"
            min={1}
            max={MOST_CHANNELS}
            data-testid="add-channel"
            defaultValue={picked.channel}
            onChange={({ target }) => {
              if (target.validity.valid && target.value !== '')
                onPick(picked.brand, target.valueAsNumber);
            }}
          />
        )}
      </div>
      <p className="text-sm text-quiet" aria-live="polite">
        {picked?.brand.hint ? t(`brand.hint.${picked.brand.id as 'onvif'}`) : t('brand.note')}
      </p>
    </div>
  );
}
