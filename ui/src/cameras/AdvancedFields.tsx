// Settings that few cameras need; folded until somebody wants them.
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { Field } from '../components/ui/field';
import { Select } from '../components/ui/select';
import { type Advanced, copiedFrom, SIDE } from './draft';

interface AdvancedFieldsProps {
  value: Advanced;
  onChange: (part: Partial<Advanced>) => void;
  /** Cameras whose settings can be taken over. */
  others: Stream[];
  errors?: Partial<Record<'substream' | 'width' | 'height', string | null>>;
}

export function AdvancedFields({ value, onChange, others, errors = {} }: AdvancedFieldsProps) {
  const { t } = useTranslation();
  return (
    <details
      className="rounded-lg border border-line"
      // What is wrong must not be hidden; undefined leaves it as the person has it.
      open={Object.values(errors).some(Boolean) || undefined}
    >
      <summary
        data-testid="add-advanced"
        className="cursor-pointer rounded-lg px-3 py-2 text-sm font-medium"
      >
        {t('advanced.title')}
      </summary>
      <div className="space-y-4 px-3 pt-1 pb-3">
        {others.length > 0 && (
          <Select
            label={t('advanced.copy')}
            value=""
            data-testid="add-copy"
            onChange={({ target }) => {
              const from = others.find(({ stream_id }) => stream_id === target.value);
              if (from) onChange(copiedFrom(from));
            }}
          >
            <option value="">{t('advanced.copyNone')}</option>
            {others.map(({ stream_id, name }) => (
              <option key={stream_id} value={stream_id}>
                {name}
              </option>
            ))}
          </Select>
        )}
        <Field
          label={t('advanced.substream')}
          note={t('add.optional')}
          data-testid="add-substream"
          inputMode="url"
          value={value.substream}
          error={errors.substream ?? null}
          onChange={({ target }) => onChange({ substream: target.value })}
        />
        <div className="grid grid-cols-2 gap-3">
          <Select
            label={t('advanced.transport')}
            value={value.transport}
            data-testid="add-transport"
            onChange={({ target }) => onChange({ transport: target.value as 'tcp' | 'udp' })}
          >
            <option value="tcp">{t('advanced.tcp')}</option>
            <option value="udp">{t('advanced.udp')}</option>
          </Select>
          <Select
            label={t('advanced.mode')}
            value={value.mode}
            data-testid="add-mode"
            onChange={({ target }) => onChange({ mode: target.value as 'always' | 'on_demand' })}
          >
            <option value="always">{t('advanced.always')}</option>
            <option value="on_demand">{t('advanced.onDemand')}</option>
          </Select>
          {(['width', 'height'] as const).map((side) => (
            <Field
              key={side}
              label={t(`advanced.${side}`)}
              type="number"
              {...SIDE}
              data-testid={`add-${side}`}
              placeholder={side === 'width' ? '640' : '480'}
              value={value[side]}
              error={errors[side] ?? null}
              onChange={({ target }) => onChange({ [side]: target.value })}
            />
          ))}
        </div>
        <p className="text-sm text-quiet">{t('advanced.sizeNote')}</p>
      </div>
    </details>
  );
}
